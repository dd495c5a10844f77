#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes fairness.txt: made-up decisions, and what Fairlearn and scikit-learn say of them.

  fairness.py >fairness.txt               for tests/tools/audit_groups.c
  fairness.py --check FOLDER              holds the files of `ocelli audit -o FOLDER` against the decisions in its pictures.csv

Needs fairlearn 0.15.0, scikit-learn 1.9.1, numpy.
"""
import csv
import json
import sys

import numpy as np
from fairlearn.metrics import (MetricFrame, demographic_parity_difference, equalized_odds_difference, false_negative_rate,
                               false_positive_rate, selection_rate)
from sklearn.metrics import confusion_matrix


def measure(label, selected, group):
    frame = MetricFrame(metrics={"selection": selection_rate, "fpr": false_positive_rate, "fnr": false_negative_rate}, y_true=label,
                        y_pred=selected, sensitive_features=group)
    for name, row in frame.by_group.iterrows():  # scikit-learn's counts say the same
        of = group == name
        tn, fp, fn, tp = confusion_matrix(label[of], selected[of], labels=[0, 1]).ravel()
        assert abs(row["fpr"] - fp / max(fp + tn, 1)) < 1e-12 and abs(row["fnr"] - fn / max(fn + tp, 1)) < 1e-12
    return (frame.by_group, demographic_parity_difference(label, selected, sensitive_features=group),
            equalized_odds_difference(label, selected, sensitive_features=group))


def make():
    rng = np.random.default_rng(20261129)
    for count, groups, bare in ((40, 2, False), (150, 3, False), (300, 5, False), (200, 3, True)):
        group = np.concatenate([np.arange(groups), np.arange(groups), rng.integers(0, groups, count - 2 * groups)])
        label = np.concatenate([np.zeros(groups, int), np.ones(groups, int), rng.integers(0, 2, count - 2 * groups)])
        if bare:  # groups without a positive, and without a negative
            label[group == 1], label[group == 2] = 0, 1
        selected = (rng.random(count) < np.where(label, 0.7, 0.2) + 0.05 * group).astype(int)
        by_group, parity, odds = measure(label, selected, group)
        print("case", count, groups)
        for values in (group, label, selected):
            print("".join(map(str, values)))
        for g in range(groups):
            print(*(f"{by_group.loc[g][k]:.17g}" for k in ("selection", "fpr", "fnr")))
        print(f"{parity:.17g} {odds:.17g}")


def check(folder):
    rows = list(csv.DictReader(open(f"{folder}/pictures.csv", newline="")))
    told = {t["tag"]: t for t in json.load(open(f"{folder}/audit.json"))["tags"]}
    worst = 0
    for tag, t in told.items():
        own = [r for r in rows if r["tag"] == tag]
        label = np.array([int(r["label"] == tag) for r in own])
        selected, group = np.array([int(r["selected"]) for r in own]), np.array([r["group"] for r in own])
        by_group, parity, odds = measure(label, selected, group)
        pairs = [(t["demographic_parity_difference"]["value"], parity), (t["equalized_odds_difference"]["value"], odds)]
        for g in t["groups"]:
            row = by_group.loc[g["group"]]
            pairs += [(g["selection_rate"], row["selection"]), (g["fpr"], row["fpr"]), (g["fnr"], row["fnr"])]
        worst = max(worst, *(abs(a - b) for a, b in pairs))
    print(f"{len(told)} tags, largest difference {worst:.3g}")
    sys.exit(worst > 1e-6)


check(sys.argv[2]) if sys.argv[1:2] == ["--check"] else make()
