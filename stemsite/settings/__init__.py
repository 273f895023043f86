"""Settings: the environment over ``.env`` over these defaults.

Each module is one section of docs/settings.md and of ``.env.example``. ``folders`` comes first: it
reads ``.env``.
"""

from stemsite import env
from stemsite.settings.folders import *
from stemsite.settings.site import *
from stemsite.settings.languages import *
from stemsite.settings.application import *
from stemsite.settings.database import *
from stemsite.settings.accounts import *
from stemsite.settings.api import *
from stemsite.settings.web_server import *
from stemsite.settings.uploads import *
from stemsite.settings.quotas import *
from stemsite.settings.separation import *
from stemsite.settings.routes import *
from stemsite.settings.sharing import *
from stemsite.settings.workers import *
from stemsite.settings.retention import *
from stemsite.settings.logs import *

env.refuse_odd_values()
