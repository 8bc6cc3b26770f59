"""A process that reads texts for one that must not load torch: orders and answers as JSON, one a line.

    {"folder": "…/encoder", "texts": ["…"], "threads": 1}  ->  {"shape": [n, D], "embeddings": "<base64, float32>"}

It keeps the encoder that it read with last, and ends when its standard input closes: with whoever asked.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from modelsvc.encoding.encoder import Encoder


def main() -> None:
    answers = sys.stdout
    sys.stdout = sys.stderr  # nothing that a library prints may stand among the answers
    encoder: Encoder | None = None
    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        try:
            if encoder is None or encoder.folder != Path(order["folder"]):
                encoder = Encoder.load(Path(order["folder"]), threads=int(order["threads"]))
            X = encoder.encode(order["texts"]).astype(np.float32)
            answer: dict[str, Any] = {"shape": X.shape, "embeddings": base64.b64encode(X.tobytes()).decode()}
        except Exception as error:  # whoever asked tells it; the process stays for the next order
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
