#pragma once

// The one place that includes and configures node-addon-api. Only the node side of the addon includes it: the files
// that call libtorch know nothing of JavaScript.
#ifndef NAPI_VERSION
#define NAPI_VERSION 8
#endif
#ifndef NODE_ADDON_API_CPP_EXCEPTIONS
#define NODE_ADDON_API_CPP_EXCEPTIONS
#endif
#include <napi.h>
