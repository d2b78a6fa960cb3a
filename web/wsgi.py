"""For gunicorn: `gunicorn web.wsgi:application`."""

from web.start import start

application = start()
