"""Takes members out of a wheel: unpack.py WHEEL TARGET PREFIX=FOLDER …

Every member below PREFIX lands below TARGET/FOLDER. Members of no interest are never written.
"""

import os
import shutil
import sys
import zipfile

wheel, target, *rules = sys.argv[1:]
pairs = [rule.split("=", 1) for rule in rules]
with zipfile.ZipFile(wheel) as archive:
    for member in archive.infolist():
        name = member.filename
        for prefix, folder in pairs:
            if name.endswith("/") or not name.startswith(prefix):
                continue
            inside = name[len(prefix) :] if prefix.endswith("/") else os.path.basename(name)
            path = os.path.normpath(os.path.join(target, folder, inside))
            if not path.startswith(os.path.abspath(target) + os.sep):
                sys.exit(f"{name} would leave {target}")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with archive.open(member) as source, open(path, "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
            mode = (member.external_attr >> 16) & 0o777
            os.chmod(path, mode | 0o600 if mode else 0o644)
            break
