"""From an encoder's files to a model and a tokenizer that fit each other, whatever the architecture is called.

transformers is lenient: weights that are missing it draws at random, with a warning; weights left over it drops; a
tokenizer that knows more words than the model fails at the first such word, days later. Here all of that is refused.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from modelsvc.encoding.encoder_files import EncoderError, read_json
from modelsvc.encoding.encoder_layout import Layout

LONGEST_INPUT = 512  # tokens; the time of attention grows with the square
UNUSED = "pooler."  # a layer on top that many encoders have and nothing here reads
SHOWN = 3  # names in a message


def read_transformer(layout: Layout) -> tuple[Any, Any]:
    """(model, tokenizer), the same at each call. Raises EncoderError for whatever is not a whole encoder."""
    folder = layout.transformer
    _refuse_other_models(folder)
    model, tokenizer = _load_quietly(folder)
    _refuse_misfits(folder, model, tokenizer)
    accepted = inspect.signature(model.forward).parameters
    names = [name for name in tokenizer.model_input_names if name in accepted]
    tokenizer.model_input_names = tokenizer.init_kwargs["model_input_names"] = names  # the second is what is saved
    if layout.lower_case:
        _put_in_lower_case(folder, tokenizer)
    return model, tokenizer


def longest_input(layout: Layout, model: Any, tokenizer: Any) -> int:
    """Tokens: what the encoder's files state, or else what model and tokenizer allow; never more than LONGEST_INPUT,
    nor more than the model has positions for."""
    stated = [layout.longest] if layout.longest else [
        tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", None)
    ]  # fmt: skip
    return min([LONGEST_INPUT, *(int(limit) for limit in (*stated, _positions(model)) if limit and limit > 0)])


def _positions(model: Any) -> int | None:
    """How many tokens the table of absolute positions has room for; None for a model without one. RoBERTa's family
    begins to count behind the padding's number: of 514 rows, 512 are for tokens."""
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            offset = 0 if module.padding_idx is None else module.padding_idx + 1
            return module.num_embeddings - offset
    return None


def _refuse_other_models(folder: Path) -> None:
    """Of the models that transformers knows by name, those that read a whole text at once and were taught by filling
    gaps."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES, MODEL_MAPPING_NAMES

    config = read_json(folder / "config.json")
    kind = config.get("model_type")
    if kind not in MODEL_MAPPING_NAMES:
        raise EncoderError(
            f"{folder} is of a kind that transformers does not know: model_type {kind!r} in config.json."
        )
    if config.get("is_encoder_decoder") or kind in ("bart", "mbart", "mvp"):
        raise EncoderError(f"{folder} is an encoder with a decoder ({kind}); a plain encoder such as BERT is needed.")
    if config.get("is_decoder") or kind not in MODEL_FOR_MASKED_LM_MAPPING_NAMES:
        raise EncoderError(
            f"{folder} is not a text encoder ({kind}): it writes texts or reads other things. "
            "An encoder such as BERT, RoBERTa, MPNet, DeBERTa or ModernBERT is needed."
        )


def _load_quietly(folder: Path) -> tuple[Any, Any]:
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging as transformers_logging

    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    safe = {"local_files_only": True, "trust_remote_code": False}
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)  # a layer that the files lack and nothing reads is drawn at random, alike each time
            model, found = AutoModel.from_pretrained(
                folder,
                use_safetensors=True,
                dtype=torch.float32,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # told in `found` instead, and refused below with their names
                **safe,
            )
        tokenizer = AutoTokenizer.from_pretrained(folder, **safe)
    except Exception as error:  # any folder may come here, and its files may break any line of the libraries
        raise EncoderError(f"{folder} could not be loaded as an encoder: {_first_line(error)}") from error
    finally:
        transformers_logging.set_verbosity(verbosity)
    _refuse_unlike_weights(folder, model, found)
    return model, tokenizer


def _refuse_unlike_weights(folder: Path, model: Any, found: dict[str, Any]) -> None:
    """The weights must be those that config.json describes: none missing or of another shape, no layers left over."""
    missing = [name for name in found["missing_keys"] if not name.startswith(UNUSED)]
    if missing:
        raise EncoderError(
            f"{folder} lacks {len(missing)} of the weights that its config.json describes ({_some(missing)}): "
            "files of two models, or of another kind of model."
        )
    if found.get("mismatched_keys"):
        names = [str(key[0] if isinstance(key, tuple) else key) for key in found["mismatched_keys"]]
        raise EncoderError(f"{folder} has weights of other sizes than its config.json says ({_some(names)}).")
    own = set(model.state_dict())
    prefix = f"{model.base_model_prefix}."
    left = [name for name in found["unexpected_keys"] if _first_layers(name.removeprefix(prefix)) in own]
    if left:
        raise EncoderError(f"{folder} has weights for more layers than its config.json says ({_some(left)}).")


def _first_layers(name: str) -> str:
    """The weight of the same name in the first layer; a name without a layer's number becomes none at all."""
    return re.sub(r"\.\d+\.", ".0.", name, count=1) if re.search(r"\.\d+\.", name) else ""


def _refuse_misfits(folder: Path, model: Any, tokenizer: Any) -> None:
    """Model and tokenizer must fit: every word has its row, batches can be padded, and one text goes through."""
    rows = model.get_input_embeddings().num_embeddings
    words = max(tokenizer.get_vocab().values(), default=-1) + 1
    if not words:
        raise EncoderError(f"{folder} has a tokenizer without a single word.")
    if words > rows:
        raise EncoderError(
            f"{folder} has a tokenizer of {words} words and a model of {rows}: they do not belong together."
        )
    if tokenizer.pad_token_id is None:
        raise EncoderError(f"{folder} has a tokenizer without a padding token: texts could not be read side by side.")
    names = [name for name in tokenizer.model_input_names if name in inspect.signature(model.forward).parameters]
    tokens = tokenizer("One text.", return_tensors="pt")
    try:
        model.eval()
        with torch.inference_mode():
            hidden = model(**{name: tokens[name] for name in names}).last_hidden_state
    except Exception as error:  # as above
        raise EncoderError(f"{folder} cannot read a text: {_first_line(error)}") from error
    if hidden.shape != (1, tokens["input_ids"].shape[1], model.config.hidden_size) or not hidden.isfinite().all():
        raise EncoderError(f"{folder} does not give one finite vector a token; it cannot be pooled.")


def _put_in_lower_case(folder: Path, tokenizer: Any) -> None:
    from tokenizers import normalizers

    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise EncoderError(f"{folder} wants lower case (sentence_bert_config.json), which needs a tokenizer.json.")
    before = [backend.normalizer] if backend.normalizer is not None else []
    backend.normalizer = normalizers.Sequence([normalizers.Lowercase(), *before])


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _some(names: Iterable[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:SHOWN]) + (", …" if len(shown) > SHOWN else "")
