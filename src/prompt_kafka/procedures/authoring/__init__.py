"""Charts edited as text: what is there stays as it is, byte for byte, and new lines are put between.

A chart belongs to the people who wrote it, with their comments, their order and their quotes, so nothing is
written anew. A YAML parser says where things are; lines are inserted there. Every edit is read again and must
have changed exactly what it was to change; where that cannot be had, the edit is refused by the rule
``cannot-edit`` and the file is left to a person.
"""
