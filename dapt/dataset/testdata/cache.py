# Does with Dassl's Datum what CoOp's datasets/oxford_pets.py does with the caches of its few-shot draws.
# `python3 cache.py write` wrote shot_2-protocol_{2,4,5}.pkl with CPython 3.11;
# `python3 cache.py copy FROM TO` loads a cache, prints its items as JSON and dumps it again.
import json
import pickle
import sys
import types


class Datum:
    def __init__(self, impath="", label=0, domain=0, classname=""):
        self._impath, self._label, self._domain, self._classname = impath, label, domain, classname


def install(name):
    """Makes Datum a class of the module of this name, as pickles have it."""
    for end in [i for i, c in enumerate(name + ".") if c == "."]:
        sys.modules.setdefault(name[:end], types.ModuleType(name[:end]))
    sys.modules[name].Datum, Datum.__module__ = Datum, name


def dump(data, path, protocol):
    with open(path, "wb") as file:
        pickle.dump(data, file, protocol=protocol)


def write():
    for protocol, module, folder in (
        (2, "dassl.data.datasets.base_dataset", "C:\\DATA\\pets\\images\\"),  # as os.path.join does on Windows
        (4, "Dassl.dassl.data.datasets.base_dataset", "/home/a b/data/pets/images/"),
        (5, "dassl.data.datasets.base_dataset", "/mnt/pets/photos/"),
    ):
        install(module)
        cat = Datum(folder + "cat/1.jpg", 0, classname="Maine_Coon")
        train = [cat, Datum(folder + "dog/été.jpg", 1, classname="dog"), cat]  # older Dassl repeats images of small classes
        val = [Datum(folder + "2.jpg", 1, classname="dog")]
        dump({"train": train, "val": val}, f"shot_2-protocol_{protocol}.pkl", protocol)


def copy(source, target):
    install("dassl.data.datasets.base_dataset")
    with open(source, "rb") as file:
        data = pickle.load(file)
    print(json.dumps({name: [[d._impath, d._label, d._domain, d._classname] for d in items] for name, items in data.items()}))
    dump(data, target, pickle.HIGHEST_PROTOCOL)


{"write": write, "copy": copy}[sys.argv[1]](*sys.argv[2:])
