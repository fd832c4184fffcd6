"""``python -m training.ship_vectors RELEASE [RELEASE …]``: the vectors of ESCO's skills, kept with the product.

Encoding all names of an ESCO release takes minutes; its 14,000 skill vectors take eleven megabytes. So they ship (ESCO
is CC BY 4.0, see NOTICE), and importing a release is a matter of seconds; what is not among them is encoded.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from pathlib import Path

import numpy as np

from ascertain.paths import CONFIG_DIR
from ascertain.taxonomy.encoder import Encoder
from ascertain.taxonomy.formats.esco import load_esco
from ascertain.taxonomy.retrieval import SkillEncoder, target_vectors


def main() -> None:
    """Write one file for all releases named."""
    parser = argparse.ArgumentParser(prog="python -m training.ship_vectors", description=__doc__)
    parser.add_argument("releases", nargs="+", type=Path, metavar="RELEASE", help="folder or zip of an ESCO release")
    chosen = parser.parse_args()
    encoder = Encoder()
    with tempfile.TemporaryDirectory() as folder:
        for release in chosen.releases:
            target_vectors(encoder, load_esco(release).skills, Path(folder), CONFIG_DIR / "mapper")
        version = SkillEncoder(encoder).version
        files = [np.load(f) for f in sorted(Path(folder).glob(f"vectors-{version}-*.npy"))]
    if not files:
        print("all of them ship already")
        return
    rows = np.concatenate(files)
    rows = rows[np.unique(rows["key"], return_index=True)[1]]
    name = f"vectors-{version}-{hashlib.sha256(rows['key'].tobytes()).hexdigest()[:12]}.npy"
    np.save(CONFIG_DIR / "mapper" / name, rows)
    print(f"{len(rows):,} vectors in {name}")


if __name__ == "__main__":
    main()
