"""For gunicorn: `gunicorn web.wsgi:application`."""

from bitloot.logs import keep_loggers
from web.start import start

application = start()
keep_loggers()
