#include "tests/support/raw_tar.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "reputation/digest.h"

namespace cloister::testing {
namespace {

constexpr size_t kSector = 512;

void Put(std::string* header, size_t offset, absl::string_view text) {
  header->replace(offset, text.size(), text.data(), text.size());
}

}  // namespace

std::string TarMember(const RawMember& member) {
  const uint64_t bytes =
      member.stated_bytes < 0 ? member.content.size() : static_cast<uint64_t>(member.stated_bytes);
  std::string header(kSector, '\0');
  Put(&header, 0, member.name.substr(0, 100));
  Put(&header, 100, "0000644");
  Put(&header, 108, "0000000");
  Put(&header, 116, "0000000");
  Put(&header, 124, absl::StrFormat("%011o", bytes));
  Put(&header, 136, "00000000000");
  header[156] = member.type;
  Put(&header, 157, member.link);
  Put(&header, 257, member.magic);
  Put(&header, 345, member.prefix);
  Put(&header, 148, "        ");
  uint32_t sum = 0;
  for (char c : header) sum += static_cast<unsigned char>(c);
  Put(&header, 148, absl::StrFormat("%06o", sum));
  header[154] = '\0';
  std::string padding((kSector - member.content.size() % kSector) % kSector, '\0');
  Put(&padding, 0, member.padding.substr(0, padding.size()));
  return absl::StrCat(header, member.content, padding);
}

std::string TarEnd() { return std::string(2 * kSector, '\0'); }

std::vector<SampleMember> SampleMembers() {
  const std::string hash(64, 'a');
  return {{"threats/metadata/1.root.json", "the root"},
          {"threats/metadata/timestamp.json", "the timestamp"},
          {"threats/metadata/3.snapshot.json", "the snapshot"},
          {"threats/metadata/3.targets.json", std::string(512, 't')},
          {absl::StrCat("threats/targets/", hash, ".full-7-1.sst"), std::string(3000, 'p')},
          {absl::StrCat("threats/targets/", hash, ".delta-7-8.sst"), std::string(700, 'd')}};
}

bundle::BundleIndex IndexOf(const std::vector<SampleMember>& members) {
  bundle::BundleIndex index;
  index.created = absl::FromUnixSeconds(1'900'000'000);
  bundle::BundleFeed& feed = index.feeds.emplace_back();
  feed.feed = "threats";
  feed.to_version = 8;
  feed.timestamp_version = 12;
  feed.expires = absl::FromUnixSeconds(1'900'500'000);
  for (const SampleMember& member : members) {
    const auto hash = reputation::Sha256(member.content);
    feed.members.push_back({member.path, member.content.size(),
                            absl::BytesToHexString(absl::string_view(
                                reinterpret_cast<const char*>(hash.data()), hash.size()))});
  }
  return index;
}

std::string TarBundle(const bundle::BundleIndex& index, const std::vector<RawMember>& members) {
  std::string bytes = TarMember({"index.json", bundle::EncodeIndex(index)});
  for (const RawMember& member : members) bytes += TarMember(member);
  return bytes + TarEnd();
}

std::vector<RawMember> Plain(const std::vector<SampleMember>& members) {
  std::vector<RawMember> plain;
  for (const SampleMember& member : members) {
    // As writers do: the name after the last slash where it is too long for one field.
    const size_t slash = member.path.rfind('/');
    if (member.path.size() <= 100) {
      plain.push_back({member.path, member.content});
    } else {
      plain.push_back({.name = member.path.substr(slash + 1),
                       .content = member.content,
                       .prefix = member.path.substr(0, slash)});
    }
  }
  return plain;
}

}  // namespace cloister::testing
