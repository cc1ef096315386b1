#include "client-sdk/cli/json_text.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/timestamp.pb.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/time/time.h"

namespace cloister::cli {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

Json TimeJson(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

Json TimeJson(const std::optional<TimePoint>& time) {
  if (!time.has_value()) return nullptr;
  return TimeJson(absl::FromUnixSeconds(time->time_since_epoch().count()));
}

// FEED_HEALTH_SERVING of FeedHealth is "serving"; a number without a name stays one.
Json EnumJson(const FieldDescriptor& field, int number) {
  const EnumValueDescriptor* value = field.enum_type()->FindValueByNumber(number);
  if (value == nullptr) return number;
  // The first value is <PREFIX>_UNSPECIFIED in every enum of the API.
  const std::string& first = field.enum_type()->value(0)->name();
  const size_t prefix = first.size() - sizeof("UNSPECIFIED") + 1;
  return absl::AsciiStrToLower(value->name().substr(prefix));
}

Json MessageJson(const Message& message) {
  if (message.GetDescriptor() == google::protobuf::Timestamp::descriptor()) {
    const auto& time = static_cast<const google::protobuf::Timestamp&>(message);
    return TimeJson(absl::FromUnixSeconds(time.seconds()));
  }
  return JsonOf(message);
}

// A field of one value, or the `index`-th of a repeated one.
class FieldValue {
 public:
  FieldValue(const Message& message, const FieldDescriptor& field, int index)
      : message_(message), field_(field), index_(index) {}

  Json ToJson() const {
    switch (field_.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return Get(&Reflection::GetInt32, &Reflection::GetRepeatedInt32);
      case FieldDescriptor::CPPTYPE_INT64:
        return Get(&Reflection::GetInt64, &Reflection::GetRepeatedInt64);
      case FieldDescriptor::CPPTYPE_UINT32:
        return Get(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32);
      case FieldDescriptor::CPPTYPE_UINT64:
        return Get(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64);
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return Get(&Reflection::GetDouble, &Reflection::GetRepeatedDouble);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return Get(&Reflection::GetFloat, &Reflection::GetRepeatedFloat);
      case FieldDescriptor::CPPTYPE_BOOL:
        return Get(&Reflection::GetBool, &Reflection::GetRepeatedBool);
      case FieldDescriptor::CPPTYPE_ENUM:
        return EnumJson(field_, Get(&Reflection::GetEnumValue, &Reflection::GetRepeatedEnumValue));
      case FieldDescriptor::CPPTYPE_STRING:
        return Text(Get(&Reflection::GetString, &Reflection::GetRepeatedString));
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Child();
    }
    return nullptr;
  }

 private:
  template <typename Value>
  Value Get(Value (Reflection::*one)(const Message&, const FieldDescriptor*) const,
            Value (Reflection::*nth)(const Message&, const FieldDescriptor*, int) const) const {
    const Reflection& reflection = *message_.GetReflection();
    return field_.is_repeated() ? (reflection.*nth)(message_, &field_, index_)
                                : (reflection.*one)(message_, &field_);
  }

  Json Text(const std::string& text) const {
    return field_.type() == FieldDescriptor::TYPE_BYTES ? absl::BytesToHexString(text) : text;
  }

  Json Child() const {
    const Reflection& reflection = *message_.GetReflection();
    if (field_.is_repeated()) {
      return MessageJson(reflection.GetRepeatedMessage(message_, &field_, index_));
    }
    if (!reflection.HasField(message_, &field_)) return nullptr;
    return MessageJson(reflection.GetMessage(message_, &field_));
  }

  const Message& message_;
  const FieldDescriptor& field_;
  const int index_;
};

Json SoftwareJson(const SoftwareIdentity& software) {
  if (software.empty()) return nullptr;
  return {
      {"product", software.product}, {"vendor", software.vendor}, {"version", software.version}};
}

Json MatchJson(const Match& match) {
  Json categories = Json::array();
  for (const Category category : match.categories) categories.push_back(Name(category));
  return {{"verdict", Name(match.verdict)},
          {"confidence", match.confidence},
          {"categories", std::move(categories)},
          {"threat_name", match.threat_name},
          {"first_seen", TimeJson(match.first_seen)},
          {"last_seen", TimeJson(match.last_seen)},
          {"valid_until", TimeJson(match.valid_until)},
          {"software", SoftwareJson(match.software)},
          {"prevalence_log2", match.prevalence_log2},
          {"scope", match.scope.has_value() ? Json(Name(*match.scope)) : Json(nullptr)},
          {"matched_expression", match.matched_expression},
          {"layer", Name(match.layer)},
          {"feed", match.feed},
          {"feed_version", match.feed_version},
          {"data_age_s", match.data_age.count()}};
}

}  // namespace

Json JsonOf(const Message& message) {
  const auto& descriptor = *message.GetDescriptor();
  Json json = Json::object();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    if (!field.is_repeated()) {
      json[field.name()] = FieldValue(message, field, 0).ToJson();
      continue;
    }
    Json values = Json::array();
    const int size = message.GetReflection()->FieldSize(message, &field);
    for (int n = 0; n < size; ++n) values.push_back(FieldValue(message, field, n).ToJson());
    json[field.name()] = std::move(values);
  }
  return json;
}

Json JsonOf(const std::string& input, absl::string_view kind, const Answer& answer) {
  Json matches = Json::array();
  for (const Match& match : answer.matches) matches.push_back(MatchJson(match));
  Json feeds = Json::array();
  for (const FeedState& feed : answer.feeds) {
    feeds.push_back(
        {{"feed", feed.feed}, {"version", feed.version}, {"data_age_s", feed.data_age.count()}});
  }
  Json json = {{"input", input},
               {"kind", std::string(kind)},
               {"status", Name(answer.status)},
               {"verdict", nullptr},
               {"matches", std::move(matches)},
               {"canonical", answer.canonical},
               {"cache_ttl_s", answer.cache_ttl.count()},
               {"generation", answer.generation},
               {"feeds", std::move(feeds)},
               {"error", nullptr}};
  if (answer.winner() != nullptr) json["verdict"] = Name(answer.verdict());
  if (!answer.error_message.empty() || answer.error != ErrorKind::kNone) {
    json["error"] = {{"kind", Name(answer.error)}, {"message", answer.error_message}};
  }
  return json;
}

std::string ToText(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cloister::cli
