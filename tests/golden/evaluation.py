#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes evaluation/: unit vectors, and what CLIP_benchmark and scikit-learn say of them.

  evaluation.py FOLDER        writes vectors.bin, labels.txt and expected.txt

Needs clip-benchmark 1.6.2 (its metrics alone: pip install --no-deps), open_clip_torch 3.3.0, scikit-learn 1.5.2, torch, scipy.
"""
import sys

import numpy as np
import torch
from clip_benchmark.metrics import zeroshot_classification, zeroshot_retrieval
from open_clip.loss import ClipLoss, SigLipLoss
from scipy.optimize import minimize_scalar
from sklearn.calibration import calibration_curve
from sklearn.decomposition import PCA
from sklearn.metrics import classification_report

PICTURES, CLASSES, N, SCALE, BINS = 90, 7, 12, 30.0, 15
BIAS = -15.0  # of the same vectors as a SigLIP model's
TEXTS_EACH = (1, 2, 3)  # captions of a picture, in turn


def unit(x):
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def retrieval(pictures, texts, of):
    class Vectors:  # what CLIP_benchmark calls
        encode_image = staticmethod(lambda rows: rows)
        encode_text = staticmethod(lambda rows: rows)

    captions = [[i for i, p in enumerate(of) if p == k] for k in range(len(pictures))]
    batch = (torch.tensor(pictures), captions)
    return zeroshot_retrieval.evaluate(Vectors, [batch], lambda rows: torch.tensor(texts[rows]), "cpu", amp=False, recall_k_list=[1, 5, 10])


def softmax(logits, labels):
    """Scores, and the NLL of the right class, in double."""
    z = logits - logits.max(1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    return p, -np.log(p[np.arange(len(labels)), labels]).mean()


def sigmoid(logits, labels):
    """The same of a model whose scores stand for themselves: the binary cross entropy, summed over the classes."""
    z, right = torch.tensor(logits), torch.nn.functional.one_hot(torch.tensor(labels), logits.shape[1]).double()
    return torch.sigmoid(z).numpy(), torch.nn.functional.binary_cross_entropy_with_logits(z, right, reduction="sum").item() / len(labels)


def calibration(logits, labels, rule=softmax):
    """ECE, RMS and largest gap, and the NLL, in double."""
    p, nll = rule(logits, labels)
    confidence, right = p.max(1), p.argmax(1) == labels
    # scikit-learn gives the means of the bins that are not empty, in order.
    accuracy, mean = calibration_curve(right, confidence, n_bins=BINS, strategy="uniform")
    at = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidence)
    weight = np.array([c for c in np.bincount(at, minlength=BINS) if c]) / len(labels)
    gap = np.abs(accuracy - mean)
    return (weight * gap).sum(), np.sqrt((weight * gap**2).sum()), gap.max(), nll


def main():
    folder = sys.argv[1]
    random = np.random.default_rng(20261128)
    classes = unit(random.normal(size=(CLASSES, N)) + 0.7)
    labels = random.integers(0, CLASSES - 1, PICTURES)  # the last class has no picture
    pictures = unit(classes[labels] + 0.33 * random.normal(size=(PICTURES, N)) - 0.2)
    of = [k for k in range(PICTURES) for _ in range(TEXTS_EACH[k % len(TEXTS_EACH)])]
    texts = unit(pictures[of] + 0.25 * random.normal(size=(len(of), N)) + 0.1)
    np.concatenate([pictures, classes, texts]).astype("<f4").tofile(f"{folder}/vectors.bin")
    with open(f"{folder}/labels.txt", "w") as f:
        f.write("\n".join(map(str, list(labels) + list(of))) + "\n")

    out = {"pictures": PICTURES, "classes": CLASSES, "texts": len(of), "n": N, "scale": SCALE}
    cosines = pictures.astype(np.float64) @ classes.astype(np.float64).T

    class Data:
        pass

    loader = Data()
    loader.dataset = Data()
    loader.dataset.classes = list(range(CLASSES))
    zeroshot_classification.zero_shot_classifier = lambda *a, **k: None
    zeroshot_classification.run_classification = lambda *a, **k: (torch.tensor(cosines), torch.tensor(labels))
    out.update(zeroshot_classification.evaluate(None, loader, None, None, None, "cpu"))
    report = classification_report(labels, cosines.argmax(1), output_dict=True, zero_division=0, labels=None)
    for name in [str(k) for k in range(CLASSES)] + ["macro avg", "weighted avg"]:
        row = report.get(name, {"precision": 0, "recall": 0, "f1-score": 0, "support": 0})
        out[f"{name.split()[0]}.precision"], out[f"{name.split()[0]}.recall"] = row["precision"], row["recall"]
        out[f"{name.split()[0]}.f1"], out[f"{name.split()[0]}.support"] = row["f1-score"], row["support"]
    for name, rule, logits in (("", softmax, SCALE * cosines), ("sigmoid.", sigmoid, SCALE * cosines + BIAS)):
        out[name + "ece"], out[name + "rms_ce"], out[name + "mce"], out[name + "nll"] = calibration(logits, labels, rule)
        fit = minimize_scalar(lambda t: rule(logits / np.exp(t), labels)[1], bounds=(-3, 3), method="bounded", options={"xatol": 1e-10})
        out[name + "temperature"] = np.exp(fit.x)
        out[name + "ece_fitted"] = calibration(logits / out[name + "temperature"], labels, rule)[0]

    out.update(retrieval(pictures, texts, of))
    first = [of.index(k) for k in range(PICTURES)]
    pairs = [torch.tensor(x, dtype=torch.float64) for x in (pictures, texts[first], SCALE)]
    out["loss"] = ClipLoss()(*pairs).item()
    out["bias"] = BIAS
    out["sigmoid.loss"] = SigLipLoss()(*pairs, torch.tensor(BIAS, dtype=torch.float64)).item()

    both = np.concatenate([pictures - pictures.mean(0, dtype=np.float64), texts - texts.mean(0, dtype=np.float64)])
    pca = PCA(2, svd_solver="full").fit(both)
    out["share.0"], out["share.1"] = pca.explained_variance_ratio_
    for axis in range(2):
        way = pca.components_[axis]
        xy = both @ (way * np.sign(way[np.abs(way).argmax()]))
        for i in (0, 41, PICTURES + 5):
            out[f"xy.{i}.{axis}"] = xy[i]
    out["gap"] = np.linalg.norm(pictures.mean(0, dtype=np.float64) - texts.mean(0, dtype=np.float64))
    with open(f"{folder}/expected.txt", "w") as f:
        for name, value in out.items():
            f.write(f"{name} {value!r}\n" if isinstance(value, int) else f"{name} {float(value)!r}\n")


if __name__ == "__main__":
    main()
