// Tar archives sector by sector, right or wrong, for tests of whoever reads them.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sync/bundle/bundle_index.h"

namespace cloister::testing {

struct RawMember {
  std::string name;
  std::string content;
  char type = '0';
  std::string link = {};
  std::string prefix = {};
  std::string magic = std::string("ustar\00000", 8);
  int64_t stated_bytes = -1;  // -1: those of the content
  std::string padding = {};   // in place of zeros
};

// Header, content and padding.
std::string TarMember(const RawMember& member);
// The two sectors of zeros.
std::string TarEnd();

// A sound bundle of one feed, "threats", with members of any content: paths below it and bytes.
struct SampleMember {
  std::string path;
  std::string content;
};
std::vector<SampleMember> SampleMembers();
bundle::BundleIndex IndexOf(const std::vector<SampleMember>& members);
// index.json, the members, the end.
std::string TarBundle(const bundle::BundleIndex& index, const std::vector<RawMember>& members);
std::vector<RawMember> Plain(const std::vector<SampleMember>& members);

}  // namespace cloister::testing
