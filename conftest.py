"""What holds for every test, the notebooks included."""

import os

os.environ["VGTOOLS_EXPLORE"] = "text"  # what the outputs of committed notebooks hold
