"""Layouts of well-known public data sets, by name: what ``fields`` would say of them."""

from __future__ import annotations

from harness.tasks.fields import FieldNames, Pick

_LETTERED = Pick(letter="answerKey", labels="choices.label")

PRESETS: dict[str, FieldNames] = {
    "mmlu": FieldNames(input="question", choices="choices", target=Pick(index="answer")),
    "hellaswag": FieldNames(input="ctx", choices="endings", target=Pick(index="label")),
    "arc": FieldNames(input="question", choices="choices.text", target=_LETTERED),
    "commonsenseqa": FieldNames(input="question", choices="choices.text", target=_LETTERED),
    "openbookqa": FieldNames(input="question_stem", choices="choices.text", target=_LETTERED),
    "boolq": FieldNames(input="question", target=Pick(index="answer", of=("no", "yes"))),
    "squad": FieldNames(input="question", target=Pick(column="answers.text")),
    "gsm8k": FieldNames(input="question", target=Pick(column="{{ answer.split('####') | last | trim }}")),
    "truthfulqa_mc1": FieldNames(
        input="question", choices="mc1_targets.choices", target=Pick(marked="mc1_targets.labels")
    ),
    "winogrande": FieldNames(
        input="sentence", choices=("option1", "option2"), target=Pick(index="answer", start=1)
    ),
    "piqa": FieldNames(input="goal", choices=("sol1", "sol2"), target=Pick(index="label")),
    "copa": FieldNames(input="premise", choices=("choice1", "choice2"), target=Pick(index="label")),
    "siqa": FieldNames(
        input="question", choices=("answerA", "answerB", "answerC"), target=Pick(index="label", start=1)
    ),
    "sciq": FieldNames(
        input="question",
        choices=("distractor1", "distractor2", "distractor3", "correct_answer"),
        target=Pick(column="correct_answer"),
    ),
    "race": FieldNames(input="question", choices="options", target=Pick(letter="answer")),
    "ag_news": FieldNames(
        input="text", target=Pick(index="label", of=("World", "Sports", "Business", "Sci/Tech"))
    ),
    "sst2": FieldNames(input="sentence", target=Pick(index="label", of=("negative", "positive"))),
    "imdb": FieldNames(input="text", target=Pick(index="label", of=("negative", "positive"))),
    "nli": FieldNames(
        input="hypothesis", target=Pick(index="label", of=("entailment", "neutral", "contradiction"))
    ),
    "banking77": FieldNames(input="text", target=Pick(column="{{ label | default(category) }}")),
    "xsum": FieldNames(input="document", target=Pick(column="summary")),
    "cnn_dailymail": FieldNames(input="article", target=Pick(column="highlights")),
}


def with_preset(form: str | None, fields: FieldNames) -> FieldNames:
    """Return ``fields`` over the preset that a source's format names, where it names one."""
    preset = PRESETS.get(form or "")
    if preset is None:
        return fields
    return preset.model_copy(update={name: getattr(fields, name) for name in fields.model_fields_set})
