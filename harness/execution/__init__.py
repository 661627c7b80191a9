"""Executing a run: prepare every strategy, ask every item, judge every answer.

``composition`` turns an entry of the experiment into a chain of strategies. ``runner`` prepares each
chain with each seed; ``asking`` sends its requests to the model in batches and stores the answers;
``judging`` scores the stored answers. ``drift`` and ``answer_information`` measure adapted models besides
their answers. What is already in the store is not done again, so a stopped run resumes where it was.
"""
