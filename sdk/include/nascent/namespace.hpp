// The SDK's namespace: versioned, and hidden inside plugins so that two plugins never share its inline code.
#pragma once

#if defined(_WIN32) || defined(NASCENT_EMBEDDED)  // NASCENT_EMBEDDED: compiled into a host program, not into a plugin
#define NASCENT_SDK_BEGIN namespace nascent { inline namespace sdk_v1 {
#else
#define NASCENT_SDK_BEGIN namespace nascent { inline namespace sdk_v1 __attribute__((visibility("hidden"))) {
#endif
#define NASCENT_SDK_END }}
