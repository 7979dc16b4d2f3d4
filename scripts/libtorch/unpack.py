"""Takes files out of a wheel.

unpack.py list WHEEL            prints the names of its members, as JSON
unpack.py extract WHEEL FOLDER  reads pairs [member, path below FOLDER] from standard input, as JSON

zipfile checks each member's CRC while it is read. A full disk ends with exit status 28 (ENOSPC).
"""

import errno
import json
import os
import shutil
import sys
import zipfile


def extract(wheel, folder):
    for member, path in json.load(sys.stdin):
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with wheel.open(member) as source, open(target, "wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)


def main(command, path, folder=None):
    with zipfile.ZipFile(path) as wheel:
        if command == "list":
            json.dump(wheel.namelist(), sys.stdout)
        else:
            extract(wheel, folder)


try:
    main(*sys.argv[1:])
except OSError as error:
    if error.errno != errno.ENOSPC:
        raise
    sys.exit(errno.ENOSPC)
