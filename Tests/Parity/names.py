"""Every test that Django has of sessions, signing, CSRF, hosts, password hashers and accounts stands here by its name,
with its counterpart.

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
    "CsrfFunctionTests": """
        unmask_cipher_token mask_cipher_secret get_token_csrf_cookie_set get_token_csrf_cookie_not_set
        rotate_token check_token_format_valid check_token_format_invalid does_token_match
        does_token_match_wrong_token_length""",
    "CsrfViewMiddlewareTestMixin": """
        process_response_get_token_not_used no_csrf_cookie csrf_cookie_bad_or_missing_token
        csrf_cookie_bad_token_custom_header process_request_csrf_cookie_and_token
        process_request_csrf_cookie_no_token_exempt_view csrf_token_in_header
        csrf_token_in_header_with_customized_name put_and_delete_rejected put_and_delete_allowed
        rotate_token_triggers_second_reset token_node_no_csrf_cookie token_node_empty_csrf_cookie
        token_node_with_csrf_cookie get_token_for_exempt_view get_token_for_requires_csrf_token_view
        token_node_with_new_csrf_cookie cookie_not_reset_on_accepted_request https_bad_referer https_no_referer
        https_malformed_host origin_malformed_host https_malformed_referer https_good_referer
        https_good_referer_2 https_good_referer_malformed_host https_csrf_trusted_origin_allowed
        https_csrf_wildcard_trusted_origin_allowed ensures_csrf_cookie_no_logging
        reading_post_data_raises_unreadable_post_error reading_post_data_raises_os_error bad_origin_bad_domain
        bad_origin_null_origin bad_origin_bad_protocol bad_origin_csrf_trusted_origin_bad_protocol
        bad_origin_cannot_be_parsed good_origin_insecure good_origin_secure
        good_origin_csrf_trusted_origin_allowed good_origin_wildcard_csrf_trusted_origin_allowed""",
    "CsrfViewMiddlewareTests": """
        ensures_csrf_cookie_no_middleware ensures_csrf_cookie_with_middleware csrf_cookie_age
        csrf_cookie_age_none csrf_cookie_samesite bad_csrf_cookie_characters bad_csrf_cookie_length
        process_view_token_too_long process_view_token_invalid_chars masked_unmasked_combinations
        set_cookie_called_only_once invalid_cookie_replaced_on_GET valid_secret_not_replaced_on_GET
        masked_secret_accepted_and_replaced bare_secret_accepted_and_not_replaced
        https_good_referer_behind_proxy https_good_referer_matches_cookie_domain
        https_good_referer_matches_cookie_domain_with_different_port https_reject_insecure_referer""",
    "CsrfViewMiddlewareUseSessionsTests": """
        no_session_on_request masked_unmasked_combinations process_response_get_token_used session_modify
        ensures_csrf_cookie_with_middleware https_good_referer_behind_proxy
        https_good_referer_matches_cookie_domain https_good_referer_matches_cookie_domain_with_different_port
        https_reject_insecure_referer""",
    "CsrfInErrorHandlingViewsTests": "csrf_token_on_404_stays_constant",
    "TestContextProcessor": "force_token_to_string",
    "SecureProxySslHeaderTest": """
        none set_without_xheader set_with_xheader_wrong set_with_xheader_right set_with_xheader_leftmost_right
        set_with_xheader_leftmost_not_secure set_with_xheader_multiple_not_secure
        xheader_preferred_to_underlying_request""",
    "HostValidationTests": """
        http_get_host http_get_host_with_x_forwarded_host get_port get_port_with_x_forwarded_port
        host_validation_in_debug_mode get_host_suggestion_of_allowed_host split_domain_port""",
    "TestUtilsHashPass": """
        simple check_password bytes invalid_password pbkdf2 md5 bcrypt_sha256 bcrypt bcrypt_upgrade
        bcrypt_harden_runtime unusable unspecified_password bad_algorithm is_password_usable low_level_pbkdf2
        low_level_pbkdf2_sha1 bcrypt_salt_check bcryptsha256_salt_check upgrade no_upgrade no_upgrade_on_incorrect_pass
        pbkdf2_upgrade pbkdf2_harden_runtime pbkdf2_upgrade_new_hasher check_password_calls_harden_runtime
        check_password_calls_make_password_to_fake_runtime encode_invalid_salt encode_password_required""",
    "BasePasswordHasherTests": """
        load_library_no_algorithm load_library_importerror attributes encode decode harden_runtime must_update
        safe_summary verify""",
    "TestUtilsHashPassArgon2": "argon2 argon2_decode argon2_upgrade argon2_version_upgrade",
    "TestUtilsHashPassScrypt": "scrypt scrypt_decode scrypt_upgrade",
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
VERIFY_ONLY = "passwords are verified and never hashed anew: that would log the user out elsewhere"

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
    "CsrfViewMiddlewareTestMixin get_token_for_requires_csrf_token_view":
        "there are no decorators: each view is behind the middleware",
    "CsrfViewMiddlewareTestMixin ensures_csrf_cookie_no_logging":
        "there are no decorators: a view that asks for the token is what sets the cookie",
    "CsrfViewMiddlewareTests ensures_csrf_cookie_no_middleware":
        "there are no decorators: each view is behind the middleware",
    "CsrfViewMiddlewareTestMixin reading_post_data_raises_unreadable_post_error":
        "a form is read to its end before there is a request",
    "CsrfViewMiddlewareUseSessionsTests no_session_on_request":
        "a program without SessionMiddleware ends at its first request and says so; this one always has it",
    "TestUtilsHashPass bytes": "a password is text, by its type",
    "TestUtilsHashPass invalid_password": "a password is text, by its type",
    "TestUtilsHashPass unspecified_password": "a password is text, by its type",
    "TestUtilsHashPass encode_password_required": "a password is text, by its type",
    **{f"TestUtilsHashPass {name}": VERIFY_ONLY for name in """
        bcrypt_upgrade bcrypt_harden_runtime bcrypt_salt_check bcryptsha256_salt_check upgrade no_upgrade
        no_upgrade_on_incorrect_pass pbkdf2_upgrade pbkdf2_harden_runtime pbkdf2_upgrade_new_hasher
        check_password_calls_harden_runtime""".split()},
    "TestUtilsHashPassArgon2 argon2_upgrade": VERIFY_ONLY,
    "TestUtilsHashPassScrypt scrypt_upgrade": VERIFY_ONLY,
    **{f"BasePasswordHasherTests {name}": "there is no hasher of one's own, so no base class" for name in """
        load_library_no_algorithm load_library_importerror attributes encode decode harden_runtime must_update
        safe_summary verify""".split()},
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
    "CsrfViewMiddlewareTestMixin reading_post_data_raises_os_error":
        "a form that cannot be read is 400 or 413, not a failure of the token",
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


DISPLAY_NAME = re.compile(r'@Test\(\s*"((?:[^"\\]|\\.)*)"|@Test\b(?:(?!@Test)[^`])* func `([^`]*)`')


def sentences():
    """The display names of all Swift tests, each also by its parts between commas, and those of the end-to-end tests."""
    found = set()
    for path in TESTS.glob("EndToEnd/test_*.py"):
        found.update(name.replace("_", " ") for name in re.findall(r"^def test_(\w+)", path.read_text(), re.M))
    for path in TESTS.rglob("*.swift"):
        for sentence in map("".join, DISPLAY_NAME.findall(path.read_text())):
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
