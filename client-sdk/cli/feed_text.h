// Feeds and their versions in words.

#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "client-sdk/cli/terminal.h"
#include "cloister/v1/admin.pb.h"

namespace cloister::cli {

// A feed, a line a fact: what it is doing, what it holds, what waits and what to do next.
std::string FeedText(const v1::Feed& feed, const Terminal& terminal);

// "serving  threats v3  published …", with a newline.
std::string VersionText(absl::string_view feed, const v1::FeedVersionInfo& version);

// What a version would change, a line each, indented by two spaces.
std::string ChangesText(const v1::VersionChanges& changes);

// "it changes more of the records than is allowed"; "" for what this program does not know.
std::string HoldText(v1::HoldReason reason);

}  // namespace cloister::cli
