"""Doing a run: every strategy prepared, every item asked, every answer judged.

``composition`` turns an entry of the experiment into a chain of strategies. ``runner`` prepares each
chain with each seed; ``asking`` sends its requests to the model in batches and stores the answers;
``judging`` scores what is stored. ``drift`` and ``answer_information`` measure adapted models beside their
answers. What the store holds already is not done again, so a run that was stopped goes on where it was.
"""
