#pragma once

// The one place that includes and configures node-addon-api. Only the node side of the addon includes it: the
// files that call libtorch know nothing of JavaScript.
#ifndef NAPI_VERSION
#define NAPI_VERSION 8
#endif
#ifndef NODE_ADDON_API_CPP_EXCEPTIONS
#define NODE_ADDON_API_CPP_EXCEPTIONS
#endif
// Any C++ exception (of a failed allocation, say) becomes a JavaScript one instead of ending the process,
#define NODE_ADDON_API_CPP_EXCEPTIONS_ALL
// and one that cannot be thrown any more is dropped: a worker thread that is being terminated refuses it.
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#include <napi.h>
