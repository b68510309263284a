"""Reads and draws as CoOp's and Dassl's code does, with Python's own random module, for draws_test.go to compare with.

From the module's root, with CPython 3.11 (the same numbers come out of 3.8 to 3.13):

    go run ./tools/miniature -images 20 -out /tmp/miniatures
    python3 dapt/dataset/testdata/draws.py /tmp/miniatures > dapt/dataset/testdata/draws.json

What is read: split files, ImageNet's folders (sorted, where CoOp's order is that of the file system), the variants' folders
and the lists of FGVC Aircraft. What is drawn: random.seed(seed), then K images a class of the training list, classes in the
order of first appearance, then min(K, 4) of the validation list (Dassl's generate_fewshot_dataset). What is halved: the
sorted labels of the drawn training images, numbered anew from 0 (CoOp's subsample_classes). What is made: the split files that CoOp's code writes where they are missing
(read_and_split_data, split_trainval), from sorted folders.
"""
import hashlib
import json
import math
import os
import random
import re
import sys

SHOTS, SEEDS = (1, 2, 4, 8, 16), (1, 2, 3)

# Folder, folder of images, split file.
SPLITS = {
    "Caltech101": ("caltech-101", "101_ObjectCategories"),
    "OxfordPets": ("oxford_pets", "images"),
    "StanfordCars": ("stanford_cars", ""),
    "OxfordFlowers": ("oxford_flowers", "jpg"),
    "Food101": ("food-101", "images"),
    "SUN397": ("sun397", "SUN397"),
    "DescribableTextures": ("dtd", "images"),
    "EuroSAT": ("eurosat", "2750"),
    "UCF101": ("ucf101", "UCF-101-midframes"),
}

# Published sizes of train and val, and the number of classes.
SIZES = {
    "Caltech101": (4128, 1649, 100),
    "OxfordPets": (2944, 736, 37),
    "StanfordCars": (6509, 1635, 196),
    "OxfordFlowers": (4093, 1633, 102),
    "Food101": (50500, 20200, 101),
    "FGVCAircraft": (3334, 3333, 100),
    "SUN397": (15880, 3970, 397),
    "DescribableTextures": (2820, 1128, 47),
    "EuroSAT": (13500, 5400, 10),
    "UCF101": (7639, 1898, 101),
}


def listdir(path):
    return sorted(name for name in os.listdir(path) if not name.startswith("."))


def class_names(folder):
    with open(os.path.join(folder, "classnames.txt")) as file:
        return dict(line.strip().split(" ", 1) for line in file)


def folders(root, folder, images, part="", numbers=False):
    """Items of the folders below images/part, which are the classes."""
    names = class_names(os.path.join(root, folder))
    below = os.path.join(images, part)
    found = [f for f in listdir(os.path.join(root, folder, below)) if f != "README.txt"]
    if numbers:
        found = [str(i) for i in range(len(names))]
    items = []
    for label, name in enumerate(found):
        wnid = list(names)[label] if numbers else name
        for image in listdir(os.path.join(root, folder, below, name)):
            items.append([os.path.join(below, name, image), label, names[wnid]])
    return items


def aircraft(root):
    folder = os.path.join(root, "fgvc_aircraft")
    with open(os.path.join(folder, "variants.txt")) as file:
        labels = {line.strip(): i for i, line in enumerate(file)}
    lists = []
    for part in ("train", "val", "test"):
        with open(os.path.join(folder, f"images_variant_{part}.txt")) as file:
            lines = [line.strip().split(" ", 1) for line in file]
        lists.append([[f"images/{number}.jpg", labels[name], name] for number, name in lines])
    return lists


def read(root):
    """The lists train, val and test of all data sets."""
    data = {}
    for name, (folder, images) in SPLITS.items():
        with open(os.path.join(root, folder, f"split_zhou_{name}.json")) as file:
            split = json.load(file)
        data[name] = [[[os.path.join(images, path), label, cname] for path, label, cname in split[part]] for part in ("train", "val", "test")]
    data["FGVCAircraft"] = aircraft(root)
    data["ImageNet"] = [folders(root, "imagenet", "images", "train"), [], folders(root, "imagenet", "images", "val")]
    data["ImageNetV2"] = [[], [], folders(root, "imagenetv2", "imagenetv2-matched-frequency-format-val", numbers=True)]
    data["ImageNetSketch"] = [[], [], folders(root, "imagenet-sketch", "images")]
    data["ImageNetA"] = [[], [], folders(root, "imagenet-adversarial", "imagenet-a")]
    data["ImageNetR"] = [[], [], folders(root, "imagenet-rendition", "imagenet-r")]
    return data


def draw(labels, shots):
    """Indices of a draw."""
    tracker = {}
    for i, label in enumerate(labels):
        tracker.setdefault(label, []).append(i)
    drawn = []
    for items in tracker.values():
        drawn.extend(random.sample(items, shots) if len(items) >= shots else items)
    return drawn


def draws(train, val):
    for shots in SHOTS:
        for seed in SEEDS:
            random.seed(seed)
            yield shots, seed, draw(train, shots), draw(val, min(shots, 4))


def halve(items, drawn):
    """The old labels of base and new, in the order of their new ones."""
    labels = sorted({items[i][1] for i in drawn})
    m = math.ceil(len(labels) / 2)
    return labels[:m], labels[m:]


def labels_of(size, classes, uneven=False):
    """Labels in a mixed order; uneven classes have from many images down to few."""
    mixed = [i * 7919 % size for i in range(size)]
    return [j * j * classes // (size * size) if uneven else j * classes // size for j in mixed]


def made_of_folders(root, folder, images, ignored=(), renamed={}):
    lists = [], [], []
    names = [name for name in listdir(os.path.join(root, folder, images)) if name not in ignored]
    for label, name in enumerate(names):
        files = listdir(os.path.join(root, folder, images, name))
        random.shuffle(files)
        train, val = round(len(files) * 0.5), round(len(files) * 0.2)
        items = [[os.path.join(images, name, file), label, renamed.get(name, name)] for file in files]
        for part, some in zip(lists, (items[:train], items[train : train + val], items[train + val :])):
            part.extend(some)
    return lists


def made_of_lists(trainval, test):
    tracker = {}
    for item in trainval:
        tracker.setdefault(item[1], []).append(item)
    train, val = [], []
    for items in tracker.values():
        count = round(len(items) * 0.2)
        indices = list(range(len(items)))
        random.shuffle(indices)
        val.extend(items[i] for i in indices[:count])
        train.extend(items[i] for i in indices[count:])
    return train, val, test


def lines(*path):
    with open(os.path.join(*path)) as file:
        return [line.strip() for line in file]


def pets(root, name):
    items = []
    for line in lines(root, "oxford_pets/annotations", name):
        image, label, _, _ = line.split(" ")
        items.append([f"images/{image}.jpg", int(label) - 1, "_".join(image.split("_")[:-1]).lower()])
    return items


def sun(root, name):
    labels = {line[1:]: i for i, line in enumerate(lines(root, "sun397/ClassName.txt"))}
    items = []
    for line in lines(root, "sun397", name):
        scene = os.path.dirname(line[1:])
        items.append(["SUN397" + line, labels[scene], " ".join(scene.split("/")[1:][::-1])])
    return items


def ucf(root, name):
    labels = {}
    for line in lines(root, "ucf101/ucfTrainTestlist/classInd.txt"):
        label, action = line.split(" ")
        labels[action] = int(label) - 1
    items = []
    for line in lines(root, "ucf101/ucfTrainTestlist", name):
        action, file = line.split(" ")[0].split("/")
        words = "_".join(re.findall("[A-Z][^A-Z]*", action))
        items.append([os.path.join("UCF-101-midframes", words, file.replace(".avi", ".jpg")), labels[action], words])
    return items


def makers(root):
    """Functions that make each split file."""
    caltech = {"airplanes": "airplane", "Faces": "face", "Leopards": "leopard", "Motorbikes": "motorbike"}
    euro = {
        "AnnualCrop": "Annual Crop Land",
        "HerbaceousVegetation": "Herbaceous Vegetation Land",
        "Highway": "Highway or Road",
        "Industrial": "Industrial Buildings",
        "SeaLake": "Sea or Lake",
    }
    return {
        "Caltech101": lambda: made_of_folders(root, "caltech-101", "101_ObjectCategories", ["BACKGROUND_Google", "Faces_easy"], caltech),
        "Food101": lambda: made_of_folders(root, "food-101", "images"),
        "DescribableTextures": lambda: made_of_folders(root, "dtd", "images"),
        "EuroSAT": lambda: made_of_folders(root, "eurosat", "2750", renamed=euro),
        "OxfordPets": lambda: made_of_lists(pets(root, "trainval.txt"), pets(root, "test.txt")),
        "SUN397": lambda: made_of_lists(sun(root, "Training_01.txt"), sun(root, "Testing_01.txt")),
        "UCF101": lambda: made_of_lists(ucf(root, "trainlist01.txt"), ucf(root, "testlist01.txt")),
    }


def made(make):
    for seed in SEEDS:
        random.seed(seed)
        yield {"seed": seed, "lists": [{"count": len(items), "items": digest(items)} for items in make()]}


def digest(values):
    """Of numbers, or of items."""
    lines = [v if isinstance(v, int) else "|".join(map(str, v)) for v in values]
    return hashlib.sha256(",".join(map(str, lines)).encode()).hexdigest()[:16]


def main(root):
    out = {"miniatures": {}, "sizes": {}}
    for name, lists in read(root).items():
        record = {"lists": [{"count": len(items), "items": digest(items)} for items in lists], "draws": []}
        if lists[0]:
            for shots, seed, train, val in draws(*[[item[1] for item in items] for items in lists[:2]]):
                base, new = halve(lists[0], train)
                record["draws"].append(
                    {"shots": shots, "seed": seed, "train": digest(train), "val": digest(val), "count": len(train), "base": base, "new": new}
                )
        out["miniatures"][name] = record
    for name, (train, val, classes) in {**SIZES, "uneven": (700, 350, 100)}.items():
        lists = [labels_of(size, classes, name == "uneven") for size in (train, val)]
        out["sizes"][name] = {"train": train, "val": val, "classes": classes, "draws": [
            {"shots": shots, "seed": seed, "train": digest(t), "val": digest(v), "count": len(t)} for shots, seed, t, v in draws(*lists)
        ]}
    out["made"] = {name: list(made(make)) for name, make in makers(root).items()}
    json.dump(out, sys.stdout, separators=(",", ":"))


main(sys.argv[1])
