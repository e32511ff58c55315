"""Every test that Django has of sessions, signing and password hashers stands here by its name, and its counterpart in Swift exists.

    python names.py

`test_pop_default` is the Swift test "pop default"; a Swift test may name several, with commas between. A name stands for
its twin with `async` or a leading `a` too: there is one API here. What is left out, or has another sentence, says why.
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
}

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
}

ELSEWHERE = {
    "CacheDBSessionTests cache_set_failure_non_fatal":
        "With Redis away sessions are read from and saved to the database; what it held is not shown again",
    "CacheDBSessionTests load_overlong_key": "A key that no session can have is unknown",
}


def sentences():
    """The display names of all Swift tests, each also by its parts between commas."""
    found = set()
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
        print(f"no test in Swift for Django's {key}", file=sys.stderr)
    print(f"{count - len(LEFT_OUT) - len(missing)} of Django's {count} tests stand in Swift, {len(LEFT_OUT)} are left out")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
