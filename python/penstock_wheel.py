"""Builds the wheel with nothing but the standard library (PEP 517, PEP 427): the package, libpenstock.so, and their records.

The library is taken from PENSTOCK_LIBRARY, else from beside the package; scripts/build-wheel builds it first.
"""
import base64
import hashlib
import os
import sysconfig
import zipfile

ROOT = os.path.dirname(os.path.abspath(__file__))
LIBRARY = "libpenstock.so"


def _project():
    """Name, version, description and Python of pyproject.toml, whose layout is ours (tomllib is not in Python 3.9)."""
    fields = {}
    with open(os.path.join(ROOT, "pyproject.toml"), encoding="utf-8") as file:
        for line in file:
            name, equals, value = line.partition("=")
            if equals and name.strip() in ("name", "version", "description", "requires-python"):
                fields[name.strip()] = value.strip().strip('"')
    return fields


def _library():
    path = os.environ.get("PENSTOCK_LIBRARY") or os.path.join(ROOT, "penstock", LIBRARY)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{path}: build it with scripts/build-client, or name it in PENSTOCK_LIBRARY")
    return path


def _entries():
    for name in sorted(os.listdir(os.path.join(ROOT, "penstock"))):
        if name.endswith(".py") or name == "py.typed":
            with open(os.path.join(ROOT, "penstock", name), "rb") as file:
                yield f"penstock/{name}", file.read()
    with open(_library(), "rb") as file:
        yield f"penstock/{LIBRARY}", file.read()


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Writes the wheel to `wheel_directory` and returns its name."""
    project = _project()
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    tag = f"py3-none-{platform}"
    stem = f"{project['name']}-{project['version']}"
    info = f"{stem}.dist-info"
    metadata = (
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        f"Summary: {project['description']}\nRequires-Python: {project['requires-python']}\n"
        "Provides-Extra: fsspec\nRequires-Dist: fsspec>=2023.1; extra == 'fsspec'\n"
    )
    wheel = f"Wheel-Version: 1.0\nGenerator: penstock_wheel\nRoot-Is-Purelib: false\nTag: {tag}\n"
    points = "[fsspec.specs]\npenstock = penstock.filesystem:PenstockFileSystem\n"
    entries = list(_entries()) + [
        (f"{info}/METADATA", metadata.encode()),
        (f"{info}/WHEEL", wheel.encode()),
        (f"{info}/entry_points.txt", points.encode()),
    ]
    name = f"{stem}-{tag}.whl"
    records = []
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in entries:
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            records.append(f"{path},sha256={digest},{len(content)}\n")
            # The same input makes the same wheel.
            entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = (0o755 if path.endswith(".so") else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
        records.append(f"{info}/RECORD,,\n")
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD", (1980, 1, 1, 0, 0, 0)), "".join(records))
    return name


if __name__ == "__main__":
    import sys

    print(build_wheel(sys.argv[1]))
