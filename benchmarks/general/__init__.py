"""What a model should still be able to do after it has been adapted: retention tasks and the program that makes them."""
