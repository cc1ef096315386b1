#include "storage/pack/pack_format.h"

#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cloister/v1/pack.pb.h"
#include "reputation/digest.h"
#include "reputation/reject_reason.h"

namespace cloister::storage {
namespace {

using reputation::Category;
using reputation::Label;
using reputation::Rejected;
using reputation::RejectReason;

constexpr char kMagic[] = "cloister-pack";
constexpr uint32_t kFormatVersion = 1;
constexpr size_t kMaxHeaderBytes = 1024;
constexpr size_t kMaxFeedNameBytes = 255;
constexpr absl::string_view kLabelPrefix("\0\1", 2);
constexpr size_t kLabelKeyBytes = 6;

absl::Status BadHeader(absl::string_view what) {
  return Rejected(RejectReason::kPackHeaderMismatch, absl::StrCat("the pack's header ", what));
}

absl::Status BadLabel(absl::string_view what) {
  return Rejected(RejectReason::kPackBadRecord, absl::StrCat("the label ", what));
}

absl::Status CheckHeader(const v1::PackHeader& header) {
  if (header.feed().empty() || header.feed().size() > kMaxFeedNameBytes) {
    return BadHeader("has no feed name of 1 to 255 bytes");
  }
  if (header.to_version() <= header.from_version()) {
    return BadHeader(absl::StrCat("leads from version ", header.from_version(), " to ",
                                  header.to_version(), ", which is not forward"));
  }
  if (header.part() < 1 || header.part() > header.parts()) {
    return BadHeader(absl::StrCat("says part ", header.part(), " of ", header.parts()));
  }
  if (header.from_version() != 0 && header.parts() != 1) {
    return BadHeader("says that a delta has parts");
  }
  return absl::OkStatus();
}

absl::Status CheckFit(const Label& label, size_t max_text_bytes) {
  const absl::Status checked = reputation::CheckLabel(label, max_text_bytes);
  if (checked.ok()) return checked;
  return Rejected(RejectReason::kPackBadRecord, checked.message());
}

}  // namespace

std::string EmptyPackKey() { return std::string(2, '\0'); }

std::string LabelKey(uint32_t id) {
  std::string key(kLabelPrefix);
  for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(id >> shift));
  return key;
}

std::optional<uint32_t> LabelIdFromKey(absl::string_view key) {
  if (key.size() != kLabelKeyBytes || key.substr(0, 2) != kLabelPrefix) return std::nullopt;
  uint32_t id = 0;
  for (char byte : key.substr(2)) id = id << 8 | static_cast<uint8_t>(byte);
  return id;
}

std::string EncodeHeader(const PackHeader& header) {
  v1::PackHeader message;
  message.set_magic(kMagic);
  message.set_format_version(kFormatVersion);
  message.set_feed(header.feed);
  message.set_from_version(header.from_version);
  message.set_to_version(header.to_version);
  message.set_part(header.part);
  message.set_parts(header.parts);
  return message.SerializeAsString();
}

absl::StatusOr<PackHeader> DecodeHeader(absl::string_view value) {
  if (value.size() > kMaxHeaderBytes) return BadHeader("is longer than 1024 bytes");
  v1::PackHeader message;
  if (!message.ParseFromArray(value.data(), static_cast<int>(value.size())) ||
      message.magic() != kMagic) {
    return BadHeader("is not a message of this format");
  }
  if (message.format_version() != kFormatVersion) {
    return BadHeader(absl::StrCat("has format version ", message.format_version(),
                                  "; this program reads version 1: update it"));
  }
  if (absl::Status s = CheckHeader(message); !s.ok()) return s;
  PackHeader header;
  header.feed = message.feed();
  header.from_version = message.from_version();
  header.to_version = message.to_version();
  header.part = message.part();
  header.parts = message.parts();
  return header;
}

absl::StatusOr<std::string> EncodeLabel(const Label& label) {
  if (label.empty()) return BadLabel("says nothing");
  if (absl::Status s = CheckFit(label, reputation::kMaxLabelTextBytes); !s.ok()) return s;
  v1::PackLabel message;
  for (const Category category : label.categories) {
    message.add_categories(static_cast<v1::Category>(category));
  }
  message.set_threat_name(label.threat_name);
  message.set_product(label.product);
  message.set_vendor(label.vendor);
  message.set_version(label.version);
  return message.SerializeAsString();
}

absl::StatusOr<Label> DecodeLabel(absl::string_view value, const PackLimits& limits) {
  if (value.size() > limits.max_label_bytes) {
    return BadLabel(absl::StrCat("has ", value.size(), " bytes; at most ", limits.max_label_bytes,
                                 " are allowed"));
  }
  v1::PackLabel message;
  if (!message.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
    return BadLabel("is not a message of this format");
  }
  Label label;
  int previous = 0;
  for (int number : message.categories()) {
    if (number <= previous) return BadLabel("has categories that do not rise");
    // A later publisher's category that this program has no room for is passed over.
    if (number <= 255) label.categories.push_back(static_cast<Category>(number));
    previous = number;
  }
  label.threat_name = message.threat_name();
  label.product = message.product();
  label.vendor = message.vendor();
  label.version = message.version();
  if (absl::Status s = CheckFit(label, limits.max_label_field_bytes); !s.ok()) return s;
  return label;
}

absl::StatusOr<std::map<Label, uint32_t>> AssignLabelIds(const std::set<Label>& labels) {
  std::map<std::string, const Label*> by_encoding;
  for (const Label& label : labels) {
    absl::StatusOr<std::string> encoded = EncodeLabel(label);
    if (!encoded.ok()) return absl::InvalidArgumentError(encoded.status().message());
    by_encoding.emplace(*std::move(encoded), &label);
  }
  std::map<Label, uint32_t> ids;
  std::set<uint32_t> taken = {0};
  for (const auto& [encoded, label] : by_encoding) {
    reputation::Sha256Bytes hash = reputation::Sha256(encoded);
    uint32_t id = uint32_t{hash[0]} << 24 | uint32_t{hash[1]} << 16 | uint32_t{hash[2]} << 8 |
                  uint32_t{hash[3]};
    while (!taken.insert(id).second) ++id;
    ids.emplace(*label, id);
  }
  return ids;
}

rocksdb::BlockBasedTableOptions PackTableOptions() {
  rocksdb::BlockBasedTableOptions options;
  options.format_version = 5;
  options.checksum = rocksdb::kXXH3;
  options.filter_policy.reset(rocksdb::NewRibbonFilterPolicy(10));
  options.whole_key_filtering = true;
  return options;
}

rocksdb::Options PackWriteOptions() {
  rocksdb::Options options;
  options.compression = rocksdb::kNoCompression;
  options.db_host_id = "";
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(PackTableOptions()));
  return options;
}

}  // namespace cloister::storage
