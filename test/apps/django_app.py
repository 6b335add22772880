"""django_app.py: a web app by Django and mozilla-django-oidc.  Its argument, in JSON, says
what it was registered as, and where it is.  / says who signed in."""
import json
import os
import sys
from urllib.parse import urlencode
from wsgiref.simple_server import make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import include, path

told = json.loads(sys.argv[1])
sys.modules["django_app"] = sys.modules["__main__"]
settings.configure(
    SECRET_KEY=os.urandom(32).hex(), ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF="django_app",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3",
                           "NAME": told["dir"] + "/django.db"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes",
                    "django.contrib.sessions", "mozilla_django_oidc"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware"],
    AUTHENTICATION_BACKENDS=["mozilla_django_oidc.auth.OIDCAuthenticationBackend"],
    OIDC_RP_CLIENT_ID=told["client_id"], OIDC_RP_CLIENT_SECRET=told["client_secret"],
    OIDC_RP_SIGN_ALGO="RS256", OIDC_RP_SCOPES="openid email", OIDC_USE_PKCE=True,
    OIDC_OP_AUTHORIZATION_ENDPOINT=told["issuer"] + "/oauth/authorize",
    OIDC_OP_TOKEN_ENDPOINT=told["issuer"] + "/oauth/token",
    OIDC_OP_USER_ENDPOINT=told["issuer"] + "/oauth/userinfo",
    OIDC_OP_JWKS_ENDPOINT=told["issuer"] + "/oauth/jwks",
    LOGGING={"version": 1, "disable_existing_loggers": False, "root": {"handlers": ["log"]},
             "handlers": {"log": {"class": "logging.StreamHandler"}}},
    OIDC_STORE_ID_TOKEN=True, ALLOW_LOGOUT_GET_METHOD=True,
    OIDC_OP_LOGOUT_URL_METHOD="django_app.logout_url", LOGIN_REDIRECT_URL="/",
    LOGOUT_REDIRECT_URL="/")


def home(request):
    if not request.user.is_authenticated:
        return redirect("oidc_authentication_init")
    return JsonResponse({"email": request.user.email})


def logout_url(request):
    return told["issuer"] + "/oauth/end-session?" + urlencode(
        {"id_token_hint": request.session["oidc_id_token"],
         "post_logout_redirect_uri": told["url"] + "/bye"})


urlpatterns = [path("", home), path("bye", lambda request: HttpResponse("bye")),
               path("oidc/", include("mozilla_django_oidc.urls"))]
django.setup()
call_command("migrate", verbosity=0)
make_server("127.0.0.1", told["port"], get_wsgi_application()).serve_forever()
