#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/pbkdf2.h>
