killpoint: tests/torture/killpoint.c
