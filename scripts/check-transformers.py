"""Loads folders that nerbert saved as anybody would with transformers, and compares. Used by check-transformers.mjs.

python check-transformers.py CASES.json      (needs torch and transformers)

CASES.json: [{folder, labels, texts: [{text, pieces, ids, logits}]}]. Prints one JSON object a case: what is wrong, as a
list of sentences, and the largest difference between logits.
"""

import json
import logging
import sys
import warnings

TOLERANCE = 1e-5
said = []


class Listener(logging.Handler):
    def emit(self, record):
        said.append(record.getMessage())


warnings.showwarning = lambda message, *_: said.append(str(message))
logging.getLogger("transformers").addHandler(Listener(level=logging.WARNING))

import torch  # noqa: E402
from transformers import AutoModelForTokenClassification, AutoTokenizer  # noqa: E402
from transformers.utils.logging import disable_progress_bar  # noqa: E402

disable_progress_bar()


def check(case):
    said.clear()
    problems = []
    folder = case["folder"]
    model, info = AutoModelForTokenClassification.from_pretrained(folder, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model.eval()
    problems += [f"{what}: {sorted(map(str, names))}" for what, names in info.items() if names]
    problems += [f"it warned: {message}" for message in said]
    labels = [model.config.id2label[i] for i in range(model.config.num_labels)]
    if labels != case["labels"]:
        problems.append(f"labels {labels} instead of {case['labels']}")
    largest = 0.0
    for expected in case["texts"]:
        text = expected["text"]
        ids = tokenizer(text)["input_ids"]
        pieces = tokenizer.convert_ids_to_tokens(ids)
        if ids != expected["ids"] or pieces != expected["pieces"]:
            problems.append(f"{text!r} is {pieces} instead of {expected['pieces']}")
            continue
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([ids])).logits[0]
        difference = (logits - torch.tensor(expected["logits"]).view_as(logits)).abs().max().item()
        largest = max(largest, difference)
        if not difference <= TOLERANCE:
            problems.append(f"logits of {text!r} differ by {difference}")
    return {"problems": problems, "difference": largest}


for case in json.load(open(sys.argv[1], encoding="utf-8")):
    print(json.dumps(check(case)), flush=True)
