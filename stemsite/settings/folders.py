"""Where things lie."""

from pathlib import Path

from stemsite import env
from stemsite.private_files import initial_umask, keep_private

BASE_DIR = Path(__file__).resolve().parents[2]
env.read_file(BASE_DIR / ".env")
DATA_DIR = env.path(
    "STEMSITE_DATA_DIR",
    BASE_DIR / "data",
    "everything that must be backed up: database, uploads, outputs",
    shown="./data",
)
DATA_GROUP_READS = env.boolean(
    "STEMSITE_DATA_GROUP_READS",
    False,
    "the group of the data directory may read in it, as nginx must for STEMSITE_ACCEL_PREFIX",
)

if not env.make_folder("STEMSITE_DATA_DIR", DATA_DIR):
    env.refuse_odd_values()
keep_private([DATA_DIR], group_reads=DATA_GROUP_READS)
INHERITED_UMASK = initial_umask()
UPLOAD_DIR = env.path(
    "STEMSITE_UPLOAD_DIR", DATA_DIR / "uploads", "preserved source files", shown="data/uploads"
)
OUTPUT_DIR = env.path(
    "STEMSITE_OUTPUT_DIR", DATA_DIR / "outputs", "a folder for each job", shown="data/outputs"
)
LOG_DIR = env.path("STEMSITE_LOG_DIR", DATA_DIR / "logs", "log files", shown="data/logs")
MODEL_DIR = env.path(
    "STEMSITE_MODEL_DIR", DATA_DIR / "models", "weights of models", shown="data/models"
)

# No request body is parsed into memory: uploads stream to disk, forms are small.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "tmp"

# Otherwise Django would open what it stores, such as static files, to all.
FILE_UPLOAD_PERMISSIONS = 0o640 if DATA_GROUP_READS else 0o600

for name, folder in {
    "STEMSITE_UPLOAD_DIR": UPLOAD_DIR,
    "STEMSITE_OUTPUT_DIR": OUTPUT_DIR,
    "STEMSITE_LOG_DIR": LOG_DIR,
    "STEMSITE_MODEL_DIR": MODEL_DIR,
    "STEMSITE_DATA_DIR": FILE_UPLOAD_TEMP_DIR,
}.items():
    env.make_folder(name, folder)
keep_private(
    [each for each in (UPLOAD_DIR, OUTPUT_DIR, LOG_DIR, FILE_UPLOAD_TEMP_DIR) if each.is_dir()],
    group_reads=DATA_GROUP_READS,
)
