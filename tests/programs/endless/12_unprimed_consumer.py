"""Never comes to an end, not even when it is imported."""

while True:
    pass
