# A float branch of a float input reads it as it is, in the QDQ file and in the .zurt: not what an
# int8 branch beside it reads.
batch_models
exits 0 zurt quantize branches.onnx --calib raw:x.f32 --keep-float tan -o qdq.onnx --json
json out 'o["float_nodes"] == 1'
exits 0 zurt compile branches.onnx --calib raw:x.f32 --keep-float tan --io float -o direct.zurt
exits 0 zurt compile qdq.onnx -o qdq.zurt
for model in qdq.onnx qdq.zurt direct.zurt; do
    exits 0 zurt run $model x.f32 -o ${model%.*} --force
    near ${model%.*}.0.1.f32 tan.f32 1e-4
    cp ${model%.*}.0.0.f32 $model.relu
done
cmp direct.zurt.relu qdq.zurt.relu
near qdq.onnx.relu qdq.zurt.relu 1e-6
