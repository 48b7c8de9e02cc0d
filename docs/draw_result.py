"""Draw the picture of the README from finished runs.

    python docs/draw_result.py quickstart-topic/plain quickstart-topic/xtune

The first run is what the others are compared with. Writes `docs/images/quickstart.svg`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from xtune.report.compare import compare, read_run
from xtune.report.plots import bar_chart

TARGET = Path(__file__).parent / "images" / "quickstart.svg"

if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(bar_chart(compare([read_run(Path(folder)) for folder in sys.argv[1:]])), encoding="utf-8")
    print(TARGET)
