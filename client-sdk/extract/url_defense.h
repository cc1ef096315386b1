// Proofpoint URL Defense: what its links wrap. Its administrators' documentation describes the
// three forms.

#pragma once

#include <optional>
#include <string>

#include "client-sdk/extract/link_parts.h"

namespace cloister::extract {

// Also of those that write links as version 3 does: Avanan and Check Point
// ("https://url.avanan.click/v2/___https://a.example/___.<token>").
std::optional<std::string> UrlDefenseTarget(const LinkParts& link);

}  // namespace cloister::extract
