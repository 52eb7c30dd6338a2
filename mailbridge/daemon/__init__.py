"""The process: the parts of a desk (`app`), the threads that run them (`threads`), and the jobs of the timer (`schedule`)."""
