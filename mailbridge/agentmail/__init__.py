"""What agents do by mail: answers, notes and command lines on a ticket, questions to the desk, mail on behalf of a customer."""
