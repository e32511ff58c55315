#include <hiredis/async.h>
