"""Runs train_reference.py and says so on standard output when its first update is done.

    python first_update.py FOLDER OPTIONS…

FOLDER holds train_reference.py. The hook is PyTorch's own and costs nothing before the update.
"""
import runpy
import sys
from os.path import join

from torch.optim.optimizer import register_optimizer_step_post_hook

folder = sys.argv[1]
register_optimizer_step_post_hook(lambda *_: print("first update", flush=True))
sys.path.insert(0, folder)
sys.argv = [join(folder, "train_reference.py"), *sys.argv[2:]]
runpy.run_path(sys.argv[0], run_name="__main__")
