"""Every test that Django has of sessions, signing and accounts stands here by its name, and its counterpart exists.

    python names.py

`test_pop_default` is the Swift test "pop default"; a Swift test may name several, with commas between. Some are tests of
the whole, in Tests/EndToEnd. A name stands for its twin with `async` or a leading `a` too: there is one API here. What is
left out, or has another sentence, says why.
"""

import re
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent

NAMES = {
    "SessionTestsMixin": """
        new_session get_empty store pop pop_default pop_default_named_argument pop_no_default_keyerror_raised setdefault
        update has_key values keys items clear save delete flush cycle cycle_with_no_session_cache
        save_doesnt_clear_data invalid_key session_key_empty_string_invalid session_key_too_short_invalid
        session_key_valid_string_saved session_key_is_read_only default_expiry custom_expiry_seconds
        custom_expiry_timedelta custom_expiry_datetime custom_expiry_reset get_expire_at_browser_close decode
        decode_failure_logged_to_security decode_serializer_exception actual_expiry
        session_load_does_not_create_record
        session_save_does_not_resurrect_session_logged_out_in_other_context""",
    "DatabaseSessionTests": "session_str session_get_decoded sessionmanager_save clearsessions_command aclear_expired",
    "CustomDatabaseSessionTests": "extra_session_field custom_expiry_reset default_expiry",
    "CacheDBSessionTests": """
        exists_searches_cache_first load_overlong_key non_default_cache cache_set_failure_non_fatal""",
    "FileSessionTests": "configuration_check invalid_key_backslash invalid_key_forwardslash clearsessions_command",
    "CacheSessionTests": "load_overlong_key default_cache non_default_cache create_and_save",
    "CookieSessionTests": """
        save cycle actual_expiry unpickling_exception session_load_does_not_create_record
        session_save_does_not_resurrect_session_logged_out_in_other_context""",
    "SessionMiddlewareTests": """
        secure_session_cookie httponly_session_cookie samesite_session_cookie no_httponly_session_cookie
        session_save_on_500 session_save_on_5xx session_update_error_redirect session_delete_on_end
        session_delete_on_end_with_custom_domain_and_path flush_empty_without_session_cookie_doesnt_set_cookie
        save_every_request_with_non_empty_session_renews_session_cookie empty_session_saved""",
    "ClearSessionsCommandTests": "clearsessions_unsupported",
    "SessionBaseTests": "create delete exists load save test_cookie is_empty",
    "TestSigner": """
        signature signature_with_salt custom_algorithm invalid_algorithm sign_unsign sign_unsign_non_string
        unsign_detects_tampering sign_unsign_object dumps_loads decode_detects_tampering works_with_non_ascii_keys
        valid_sep invalid_sep verify_with_non_default_key sign_unsign_multiple_keys
        sign_unsign_ignore_secret_key_fallbacks default_keys_verification""",
    "TestTimestampSigner": "timestamp_signer",
    "TestBase62": "base62",
    "URLHasAllowedHostAndSchemeTests": """
        bad_urls good_urls basic_auth no_allowed_hosts allowed_hosts_str secure_param_https_urls
        secure_param_non_https_urls max_url_length""",
    "BasicTestCase": """
        user unicode_username user_no_email superuser superuser_no_email_or_password get_user_model swappable_user
        swappable_user_bad_setting swappable_user_nonexistent_model user_verbose_names_translatable""",
    "TestGetUser": "get_user_anonymous get_user get_user_fallback_secret",
    "TestLogin": """
        user_login inactive_user without_user_no_request_user without_user_anonymous_request
        without_user_authenticated_request""",
    "ModelBackendTest": """
        has_perm custom_perms has_no_object_perm anonymous_has_no_permissions inactive_has_no_permissions
        get_all_superuser_permissions authentication_timing authentication_without_credentials authenticate_inactive
        authenticate_user_without_is_active_field""",
    "ChangedBackendSettingsTest": "changed_backend_settings",
    "LoginTest": """
        current_site_in_context_after_login security_check security_check_https login_form_contains_request
        login_csrf_rotate session_key_flushed_on_login session_key_flushed_on_login_after_password_change
        login_session_without_hash_session_key login_get_default_redirect_url login_next_page
        login_named_next_page_named login_next_page_overrides_login_redirect_url_setting
        login_redirect_url_overrides_next_page login_redirect_url_overrides_get_default_redirect_url
        access_under_login_required_middleware""",
    "LoginRedirectUrlTest": "default custom named remote",
    "LoginRedirectAuthenticatedUser": "default guest redirect redirect_url redirect_param redirect_loop",
    "LogoutTest": """
        logout_default logout_with_post 14377 logout_doesnt_cache logout_with_overridden_redirect_url
        logout_with_next_page_specified logout_with_redirect_argument logout_with_custom_redirect_argument
        logout_with_named_redirect success_url_allowed_hosts_same_host success_url_allowed_hosts_safe_host
        success_url_allowed_hosts_unsafe_host security_check security_check_https logout_preserve_language
        logout_redirect_url_setting logout_redirect_url_setting_allowed_hosts_unsafe_host
        logout_redirect_url_named_setting access_under_login_required_middleware""",
}

ACCOUNTS_ARE_DJANGOS = "accounts are made and changed by Django alone"
NO_VIEW_CLASSES = "the views have settings, and no arguments of their own"

LEFT_OUT = {
    "SessionTestsMixin pop_default_named_argument": "a default is always named in Swift: pop_default is the same",
    "SessionTestsMixin session_key_is_read_only": "the compiler refuses to assign to it",
    "DatabaseSessionTests session_str": "there is no model of a row",
    "CustomDatabaseSessionTests extra_session_field": "there are no models of one's own",
    "CacheDBSessionTests exists_searches_cache_first": "the database decides whether a session exists",
    "CacheDBSessionTests non_default_cache": "one cache is configured, whatever its alias",
    "CacheSessionTests non_default_cache": "one cache is configured, whatever its alias",
    "CookieSessionTests save": "Django leaves it out of this engine: nobody knows whether a cookie exists",
    "CookieSessionTests session_save_does_not_resurrect_session_logged_out_in_other_context":
        "Django leaves it out of this engine: nothing can be taken back from a visitor",
    "ClearSessionsCommandTests clearsessions_unsupported": "each engine here clears its sessions, or has none to clear",
    "SessionBaseTests create": "the compiler asks an engine for it",
    "SessionBaseTests delete": "the compiler asks an engine for it",
    "SessionBaseTests exists": "the compiler asks an engine for it",
    "SessionBaseTests load": "the compiler asks an engine for it",
    "SessionBaseTests save": "the compiler asks an engine for it",
    "TestSigner custom_algorithm": "sessions are signed with SHA-256 alone",
    "TestSigner invalid_algorithm": "sessions are signed with SHA-256 alone",
    "TestSigner sign_unsign_non_string": "what is signed is bytes, by its type",
    "TestSigner valid_sep": "sessions have a colon alone",
    "TestSigner invalid_sep": "sessions have a colon alone",
    "BasicTestCase user": ACCOUNTS_ARE_DJANGOS,
    "BasicTestCase user_no_email": ACCOUNTS_ARE_DJANGOS,
    "BasicTestCase superuser": ACCOUNTS_ARE_DJANGOS,
    "BasicTestCase superuser_no_email_or_password": ACCOUNTS_ARE_DJANGOS,
    "BasicTestCase get_user_model": "there is one table of users, auth_user",
    "BasicTestCase swappable_user": "there is one table of users, auth_user",
    "BasicTestCase swappable_user_bad_setting": "there is one table of users, auth_user",
    "BasicTestCase swappable_user_nonexistent_model": "there is one table of users, auth_user",
    "BasicTestCase user_verbose_names_translatable": "there are no translations",
    "TestLogin without_user_no_request_user": "the compiler asks for a user",
    "TestLogin without_user_anonymous_request": "the compiler asks for a user",
    "TestLogin without_user_authenticated_request": "the compiler asks for a user",
    "ModelBackendTest has_no_object_perm": "permissions are asked for by name, not for an object",
    "ModelBackendTest authentication_without_credentials": "the compiler asks for both",
    "ModelBackendTest authenticate_user_without_is_active_field": "there is one table of users, auth_user",
    "LoginTest current_site_in_context_after_login": "there is no sites framework",
    "LoginTest login_form_contains_request": "there is no form class of one's own",
    "LoginTest login_get_default_redirect_url": NO_VIEW_CLASSES,
    "LoginTest login_next_page": NO_VIEW_CLASSES,
    "LoginTest login_named_next_page_named": NO_VIEW_CLASSES,
    "LoginTest login_next_page_overrides_login_redirect_url_setting": NO_VIEW_CLASSES,
    "LoginTest login_redirect_url_overrides_next_page": NO_VIEW_CLASSES,
    "LoginTest login_redirect_url_overrides_get_default_redirect_url": NO_VIEW_CLASSES,
    "LoginTest access_under_login_required_middleware": "a view says itself that it needs a user",
    "LoginRedirectAuthenticatedUser guest": NO_VIEW_CLASSES,
    "LoginRedirectAuthenticatedUser redirect": NO_VIEW_CLASSES,
    "LoginRedirectAuthenticatedUser redirect_url": NO_VIEW_CLASSES,
    "LoginRedirectAuthenticatedUser redirect_param": NO_VIEW_CLASSES,
    "LoginRedirectAuthenticatedUser redirect_loop": NO_VIEW_CLASSES,
    "LogoutTest 14377": "what it mends is of Django's session objects",
    "LogoutTest logout_with_overridden_redirect_url": NO_VIEW_CLASSES,
    "LogoutTest logout_with_next_page_specified": NO_VIEW_CLASSES,
    "LogoutTest logout_with_custom_redirect_argument": NO_VIEW_CLASSES,
    "LogoutTest logout_with_named_redirect": NO_VIEW_CLASSES,
    "LogoutTest success_url_allowed_hosts_same_host": NO_VIEW_CLASSES,
    "LogoutTest success_url_allowed_hosts_safe_host": NO_VIEW_CLASSES,
    "LogoutTest success_url_allowed_hosts_unsafe_host": NO_VIEW_CLASSES,
    "LogoutTest logout_preserve_language": "there are no translations",
    "LogoutTest logout_redirect_url_setting_allowed_hosts_unsafe_host": NO_VIEW_CLASSES,
    "LogoutTest logout_redirect_url_named_setting": "a logout does not lead to itself, which answers POST alone",
    "LogoutTest access_under_login_required_middleware": "a view says itself that it needs a user",
}

ELSEWHERE = {
    "CacheDBSessionTests cache_set_failure_non_fatal":
        "With Redis away sessions are read from and saved to the database; what it held is not shown again",
    "CacheDBSessionTests load_overlong_key": "A key that no session can have is unknown",
    "ModelBackendTest anonymous_has_no_permissions": "get user anonymous",
    "ModelBackendTest authentication_timing": "an unknown user takes as long as a wrong password",
    "ModelBackendTest authenticate_inactive": "a login that fails tells nothing",
    "LoginTest security_check": "next leads to no other site",
    "LoginTest security_check_https": "over https next leads to https alone",
    "LoginTest login_csrf_rotate": "a login makes a new csrf secret and the old token is worth nothing",
    "LoginRedirectUrlTest default": "next leads to no other site",
    "LoginRedirectUrlTest custom": "where a login leads without next",
    "LoginRedirectUrlTest named": "where a login leads without next",
    "LoginRedirectUrlTest remote": "where a login leads without next",
    "LoginRedirectAuthenticatedUser default": "who is logged in may still see the login page",
    "LogoutTest logout_default": "a logout here is a logout in django",
    "LogoutTest logout_with_post": "a logout here is a logout in django",
    "LogoutTest logout_doesnt_cache": "next leads on after a logout",
    "LogoutTest logout_with_redirect_argument": "next leads on after a logout",
    "LogoutTest security_check": "next leads on after a logout",
    "LogoutTest security_check_https": "over https next leads to https alone",
    "LogoutTest logout_redirect_url_setting": "where a logout leads",
}


def sentences():
    """The display names of all Swift tests, each also by its parts between commas, and those of the end-to-end tests."""
    found = set()
    for path in TESTS.glob("EndToEnd/test_*.py"):
        found.update(name.replace("_", " ") for name in re.findall(r"^def test_(\w+)", path.read_text(), re.M))
    for path in TESTS.rglob("*.swift"):
        for sentence in re.findall(r'@Test\(\s*"((?:[^"\\]|\\.)*)"', path.read_text()):
            found.update([sentence, *(part.strip() for part in sentence.split(","))])
    return found


def main():
    found, missing, count = sentences(), [], 0
    for suite, names in NAMES.items():
        for name in names.split():
            count += 1
            key = f"{suite} {name}"
            if key not in LEFT_OUT and ELSEWHERE.get(key, name.replace("_", " ")) not in found:
                missing.append(key)
    for key in missing:
        print(f"no test here for Django's {key}", file=sys.stderr)
    print(f"{count - len(LEFT_OUT) - len(missing)} of Django's {count} tests stand here, {len(LEFT_OUT)} are left out")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
