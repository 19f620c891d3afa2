"""Rules of the diploma and of its quizzes: pure values and functions, standard library only."""
