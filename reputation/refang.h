// Undoes what people do to indicators so that nobody clicks on them.

#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace cloister::reputation {

// Schemes hxxp, hxxps and fxp get their letters back; "[.]", "[dot]", "[:]", "[/]" and "[://]"
// lose their brackets everywhere; "(.)", "{.}", "(dot)" and "{dot}" before the path only, where
// nobody writes them for another purpose. Case of the words does not count. White space and a pair
// of angle brackets around the text are removed. What is not defanged comes back as it was.
// tests/vectors/refang.txt has examples.
std::string Refang(absl::string_view text);

}  // namespace cloister::reputation
