"""What sessiond's gate does, in Django."""

from urllib.parse import quote

from django.http import HttpResponse
from django.urls import path


def verify(request):
    user = request.user
    if not user.is_authenticated:
        return HttpResponse(status=401)
    told = {"X-Auth-User": quote(user.username), "X-Auth-User-Id": user.pk, "X-Auth-Staff": str(user.is_staff).lower()}
    return HttpResponse(status=204, headers=told)


urlpatterns = [path("session/verify", verify)]
