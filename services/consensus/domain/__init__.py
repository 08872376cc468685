"""How many people's masks become one. One method a file, citation first; pure numpy; order and randomness never matter."""
