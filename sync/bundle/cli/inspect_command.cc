// cloister-bundle inspect

#include "sync/bundle/bundle_reader.h"
#include "sync/bundle/cli/bundle_file.h"
#include "sync/bundle/cli/commands.h"
#include "sync/bundle/cli/text.h"

namespace cloister::bundle {
namespace {

Json ToJson(const BundleFeed& feed, bool with_members) {
  Json json = {{"feed", feed.feed},
               {"from", feed.from_version},
               {"to", feed.to_version},
               {"timestamp_version", feed.timestamp_version},
               {"issued", TimeJson(feed.issued)},
               {"expires", TimeJson(feed.expires)}};
  if (!with_members) return json;
  Json members = Json::array();
  for (const BundleMember& member : feed.members) {
    members.push_back({{"path", member.path}, {"bytes", member.bytes}, {"sha256", member.sha256}});
  }
  json["members"] = members;
  return json;
}

void PrintJson(const Arguments& arguments, const BundleIndex& index, uint64_t size,
               std::ostream& out) {
  Json feeds = Json::array();
  for (const BundleFeed& feed : index.feeds) feeds.push_back(ToJson(feed, arguments.members));
  out << Json{{"bundle", arguments.file},
              {"bytes", size},
              {"created", TimeJson(index.created)},
              {"members", index.members()},
              {"verified", false},
              {"feeds", feeds}}
             .dump(2)
      << "\n";
}

void PrintText(const Arguments& arguments, const BundleIndex& index, uint64_t size,
               const Console& console) {
  std::ostream& out = console.out;
  out << arguments.file << ": " << BytesText(size) << ", " << index.members() << " files, made "
      << TimeText(index.created) << "\n";
  for (const BundleFeed& feed : index.feeds) {
    out << "  " << feed.feed << ": " << StepText(feed.from_version, feed.to_version) << ", issued "
        << TimeText(feed.issued) << ", "
        << (feed.expires < console.now ? "expired " : "good until ") << TimeText(feed.expires)
        << "\n";
    if (!arguments.members) continue;
    for (const BundleMember& member : feed.members) {
      out << "    " << member.path << "  " << member.bytes << " bytes\n";
    }
  }
  out << "This is what the bundle says of itself; 'cloister-bundle verify' proves it.\n";
}

}  // namespace

absl::StatusOr<int> RunInspect(const Arguments& arguments, const Console& console) {
  auto file = BundleFile::Open(arguments.file);
  if (!file.ok()) return file.status();
  auto index = ReadIndex(file->Bytes(), BundleLimits());
  if (!index.ok()) return index.status();
  if (arguments.json) {
    PrintJson(arguments, *index, file->size(), console.out);
  } else {
    PrintText(arguments, *index, file->size(), console);
  }
  return kExitOk;
}

}  // namespace cloister::bundle
