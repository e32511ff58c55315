from django.urls import include, path
from django.views.decorators.cache import never_cache

from login_site import views

pages = [
    path("connection/", never_cache(views.form_view), name="loginform"),
    path("login/", never_cache(views.login), name="login"),
    path("logout/", never_cache(views.logout), name="logout"),
    path("style.css", views.stylesheet, name="stylesheet"),
]
urlpatterns = [path("myapp/", include(pages))]
