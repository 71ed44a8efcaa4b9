/* err.c: texts of the error codes. */
#include "base/err.h"

const char *err_text(enum err e)
{
    switch (e) {
    case ERR_NONE: return "no error";
    case ERR_MALFORMED: return "malformed input";
    case ERR_TOO_BIG: return "too big";
    case ERR_UNSUPPORTED: return "not supported";
    case ERR_DENIED: return "denied";
    case ERR_MISSING: return "not found";
    case ERR_EXISTS: return "exists already";
    case ERR_CONFLICT: return "conflicting change";
    case ERR_FULL: return "quota or disk is full";
    case ERR_TIMEOUT: return "timed out";
    case ERR_IO: return "input/output failed";
    }
    return "unknown error";
}
