package com.example.voicegateway.conformance;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.Strictness;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.ErrorInfo;
import java.util.Set;
import java.util.TreeSet;

/** JSON as the cases are written in, and as protobuf writes it with the protos' names. */
final class Json {
  private static final Gson GSON = new GsonBuilder().setStrictness(Strictness.STRICT).create();
  private static final JsonFormat.Printer PRINTER =
      JsonFormat.printer()
          .preservingProtoFieldNames()
          .usingTypeRegistry(TypeRegistry.newBuilder().add(ErrorInfo.getDescriptor()).build());

  private Json() {}

  static JsonElement read(String text) {
    return GSON.fromJson(text, JsonElement.class);
  }

  static JsonElement of(MessageOrBuilder message) {
    try {
      return read(PRINTER.print(message));
    } catch (InvalidProtocolBufferException error) {
      throw new IllegalStateException(error);
    }
  }

  static Message message(JsonElement json, Message.Builder type) throws InvalidProtocolBufferException {
    JsonFormat.parser().merge(json.toString(), type);
    return type.build();
  }

  /** Returns the array under a key, empty when there is none. */
  static JsonArray array(JsonObject holder, String key) {
    return holder.has(key) ? holder.getAsJsonArray(key) : new JsonArray();
  }

  /** Returns the object under a key, empty when there is none. */
  static JsonObject object(JsonObject holder, String key) {
    return holder.has(key) ? holder.getAsJsonObject(key) : new JsonObject();
  }

  /** Refuses keys that nobody would look at. */
  static void known(String what, JsonObject given, Set<String> keys) {
    Set<String> unknown = new TreeSet<>(given.keySet());
    unknown.removeAll(keys);
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(what + " has " + unknown);
    }
  }
}
