"""What may be said: the claims grammar. Every sentence that tells a result comes from here.

"Specific to" an arm is said only when a test between arms passes the familywise threshold; an association is never said
to be a cause, a mediator or a mechanism; what was not declared beforehand is called exploratory.
"""
