"""DEUST: the learning platform of the distance diploma « centres d'appels »."""
